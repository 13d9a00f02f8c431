from setuptools import find_packages, setup

setup(name="mmdet", version="0.0", packages=find_packages())
